"""What every part of the seed of one store shares."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass

from reports.demo.agenda import Agenda
from reports.demo.bulk import Bulk
from reports.demo.catalogue import Catalogue
from reports.demo.people import StorePeople
from reports.demo.shape import StoreShape


@dataclass
class Site:
    """One store under construction; time never passes `now`."""

    bulk: Bulk
    shape: StoreShape
    people: StorePeople
    catalogue: Catalogue
    rng: random.Random
    agenda: Agenda
    span: list[dt.date]
    now: dt.datetime
