"""THE role table (product.md §3): what each role reaches, writes, and whether it sees profit.

A resource is a kind of business row. Reach is `own`, `team`, `store` or `group`; a resource that a role
does not name is invisible to it. Acts are the names that services check with `require`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from dealership.org.choices import Role

ReachKind = Literal["own", "team", "store", "group"]

SALES_ROWS: tuple[str, ...] = (
    "customer",
    "visit",
    "lead",
    "prospect",
    "loss_application",
    "follow_up",
    "test_drive",
    "deal",
    "payment",
    "vehicle",
    "catalogue",
    "target",
    "review",
    "care_task",
    "owned_vehicle",
    "approval",
    "figure",
    "duty",
)
STORE_WIDE = ("store", "team", "vehicle", "catalogue")
MANAGED = (
    *SALES_ROWS, "campaign", "demo_car", "store", "team", "month_close", "day_close", "audit", "job", "import_batch",
    "hand_over", "nurture",
)  # fmt: skip


@dataclass(frozen=True)
class RoleRule:
    """reach: resource → kind; acts: names of permitted writes; profit: sees cost and gross profit."""

    reach: dict[str, ReachKind]
    acts: frozenset[str] = field(default_factory=frozenset)
    profit: bool = False


def _reach(kind: ReachKind, resources: tuple[str, ...], **other: ReachKind) -> dict[str, ReachKind]:
    return {**dict.fromkeys(resources, kind), **other}


CONSULTANT_ACTS = frozenset(
    """customer.change customer.reveal visit.register visit.complete visit.leave prospect.change
    follow_up.log drive.book drive.run deal.create deal.change deal.submit deal.cancel payment.register vehicle.lock
    review.write care.view target.acknowledge approval.ask leave.ask""".split()
) | {"lead.create", "lead.work", "loss.apply", "prospect.claim"}
MANAGER_ACTS = CONSULTANT_ACTS | frozenset(
    """approval.decide review.comment review.return review.lock review.evening prospect.reassign visit.assign
    prospect.handover spot_check.record loss.decide register.sign register.confirm month.confirm month.recheck
    target.set deal.change_any report.view settings.view duty.manage demo_car.manage lead.assign
    lead.settings campaign.manage prospect.nurture lead.import customer.import""".split()
)

ROLE_TABLE: dict[Role, RoleRule] = {
    Role.SALES_CONSULTANT: RoleRule(
        reach=_reach(
            "own",
            SALES_ROWS,
            store="store",
            team="store",
            vehicle="store",
            catalogue="store",
            demo_car="store",
            job="own",
        ),
        acts=CONSULTANT_ACTS,
    ),
    Role.TEAM_LEADER: RoleRule(
        # Requests carry no team: a leader follows up the own ones, managers decide those of the team.
        reach=_reach(
            "team",
            SALES_ROWS,
            store="store",
            team="store",
            vehicle="store",
            catalogue="store",
            demo_car="store",
            job="own",
            approval="own",
            duty="own",
            import_batch="own",
        ),
        # A leader of the DCC desk gives leads out, takes from the pool and imports lists of leads.
        acts=CONSULTANT_ACTS | {"review.comment", "lead.assign", "lead.pick", "lead.import"},
    ),
    Role.SHOWROOM_MANAGER: RoleRule(reach=_reach("store", MANAGED, job="own"), acts=MANAGER_ACTS, profit=True),
    Role.SALES_MANAGER: RoleRule(
        reach=_reach("store", MANAGED, job="own"), acts=MANAGER_ACTS | {"vehicle.manage", "price.change"}, profit=True
    ),
    Role.GENERAL_MANAGER: RoleRule(
        reach=_reach("store", MANAGED, job="own"),
        acts=MANAGER_ACTS
        | {"vehicle.manage", "price.change", "month.reopen_confirm", "delivery.exception", "workbook.make"},
        profit=True,
    ),
    Role.RECEPTIONIST: RoleRule(
        reach=_reach("store", ("visit", "store", "team", "catalogue"), job="own", duty="own"),
        acts=frozenset(
            {"visit.register", "visit.complete", "visit.leave", "visit.assign", "register.sign", "leave.ask"}
        ),
    ),
    Role.DCC_AGENT: RoleRule(
        reach=_reach(
            "own",
            SALES_ROWS,
            store="store",
            team="store",
            vehicle="store",
            catalogue="store",
            demo_car="store",
            loss_call_back="store",
            nurture="store",
            job="own",
        ),
        acts=frozenset(
            """customer.change customer.reveal visit.register prospect.change follow_up.log drive.book
            review.write leave.ask""".split()
        )
        | {"lead.create", "lead.work", "lead.pick", "loss.apply", "loss.call_back", "prospect.claim"}
        | {"prospect.nurture"},
    ),
    Role.SALES_ADMIN: RoleRule(
        reach=_reach(
            "store",
            tuple("customer deal payment vehicle catalogue store team approval demo_car test_drive".split()),
            job="own",
        ),
        acts=frozenset(
            """vehicle.manage vehicle.lock vehicle.allocate deal.documents deal.change_any deal.settle
            invoice.view demo_car.manage""".split()
        ),
    ),
    Role.DELIVERY_SPECIALIST: RoleRule(
        reach=_reach("store", ("customer", "deal", "vehicle", "catalogue", "store", "team"), job="own"),
        acts=frozenset({"delivery.prepare", "delivery.complete", "deal.documents"}),
    ),
    Role.CARE_AGENT: RoleRule(
        reach=_reach("store", ("customer", "owned_vehicle", "care_task", "loss_call_back", "store", "team"), job="own"),
        acts=frozenset({"care.view", "customer.reveal", "loss.call_back"}),
    ),
    Role.MARKETING: RoleRule(
        reach=_reach(
            "store",
            tuple("""campaign lead prospect nurture customer visit test_drive store team catalogue figure""".split()),
            job="own",
            import_batch="own",
        ),
        acts=frozenset({"campaign.manage", "prospect.nurture", "lead.create", "lead.import"}),
    ),
    Role.CASHIER: RoleRule(
        reach=_reach("store", ("deal", "payment", "day_close", "customer", "store", "team"), job="own"),
        acts=frozenset("payment.register payment.clear payment.reject refund.pay".split()),
        profit=True,
    ),
    Role.FINANCE: RoleRule(
        reach=_reach("store", (*SALES_ROWS, "store", "team", "month_close", "day_close", "audit"), job="own"),
        acts=frozenset(
            """payment.reverse payment.reconcile invoice.issue deal.settle month.close month.recheck month.reopen
            workbook.make customer.reveal report.view""".split()
        ),
        profit=True,
    ),
    Role.GROUP_OFFICE: RoleRule(
        reach=_reach("group", MANAGED, job="own"),
        acts=frozenset(
            """target.set policy.change workbook.make report.view approval.decide loss.decide settings.view
            store.change""".split()
        ),
        profit=True,
    ),
    Role.SYS_ADMIN: RoleRule(
        reach=_reach("group", ("store", "team", "audit"), job="own"),
        acts=frozenset({"user.manage", "policy.change", "job.manage", "settings.view", "store.change"}),
    ),
}

# Who decides an approval, by level (R-DISC, §4.3). Level 0 is the consultant's own authority.
APPROVER_ROLES: dict[int, tuple[Role, ...]] = {
    1: (Role.SHOWROOM_MANAGER,),
    2: (Role.SALES_MANAGER,),
    3: (Role.GENERAL_MANAGER,),
    4: (Role.GROUP_OFFICE,),
}
# People who hold customers: form choices for an owner, report due lists, rankings.
SELLING_ROLES = (Role.SALES_CONSULTANT, Role.TEAM_LEADER, Role.DCC_AGENT)
# People the rota plans: who sells, receives, or reports every evening.
ROTA_ROLES = (*SELLING_ROLES, Role.RECEPTIONIST, Role.SHOWROOM_MANAGER)
