"""Visits, cards, customers, owners."""

from __future__ import annotations

from typing import Any

from dealership.core import periods
from dealership.tests.matrix import CANARY, PAYLOAD, READ_WRITE, WRITE, Url, World
from leads.models import FollowUp, HandOver, ImportBatch, LossApplication, OwnedVehicle, Prospect, SpotCheck
from leads.tests.builders import make_campaign, make_demo_car, make_drive, make_prospect, make_visit
from leads.tests.evaluation_builders import make_nurtured
from leads.tests.lead_builders import make_lead, nobody_takes
from leads.tests.loss_builders import make_loss

CARD = {"row": "prospect", "resource": "prospect"}
CAMPAIGN = {"row": "campaign", "resource": "campaign"}
CUSTOMER = {"row": "customer", "resource": "customer"}
LOSS = {"row": "loss_application", "resource": "loss_application"}
CALL = {"row": "loss_call", "resource": "loss_call_back"}
HAND_OVER = {"row": "handover", "resource": "hand_over"}
VISIT = {"row": "visit", "resource": "visit"}
DRIVE = {"row": "test_drive", "resource": "test_drive"}
DEMO_CAR = {"row": "demo_car", "resource": "demo_car"}
LEAD = {"row": "lead", "resource": "lead"}
NURTURE = {"row": "nurture", "resource": "nurture"}
IMPORT = {"row": "import_batch", "resource": "import_batch"}
WORK_LEAD = {"view": "lead.work", "act": "lead.work", **LEAD}
EDIT_CARD = {"view": "prospect.change", "act": "prospect.change", **CARD}
EDIT_CUSTOMER = {"view": "customer.change", "act": "customer.change", **CUSTOMER}
# Only the person who asked, or who is called back for, may: everybody else within reach is refused.
REFUSES = frozenset({403})

READ_CHANGE = ("GET", "PATCH")
# The API reads the body before it looks for the row.
BAD = frozenset({400})

URLS = {
    "leads:visit_list": Url(resource="visit"),
    "leads:visit_new": Url(READ_WRITE, view="visit.register", act="visit.register"),
    "leads:visit_lookup": Url(WRITE, act="visit.register"),
    "leads:owner_notify": Url(WRITE, act="visit.register"),
    "leads:visit_complete": Url(READ_WRITE, view="visit.complete", act="visit.complete", **VISIT),
    "leads:visit_leave": Url(WRITE, act="visit.leave", **VISIT),
    "leads:visit_assign": Url(READ_WRITE, view="visit.assign", act="visit.assign", **VISIT),
    "leads:campaign_list": Url(resource="campaign"),
    "leads:campaign_new": Url(READ_WRITE, view="campaign.manage", act="campaign.manage"),
    "leads:campaign_detail": Url(READ_WRITE, act="campaign.manage", **CAMPAIGN),
    "leads:campaign_edit": Url(READ_WRITE, view="campaign.manage", act="campaign.manage", **CAMPAIGN),
    # 404: there is no such invitation
    "leads:campaign_invite": Url(
        WRITE, kwargs={"invite": 999_999}, act="campaign.manage", also=frozenset({404}), **CAMPAIGN
    ),
    "leads:lead_list": Url(resource="lead"),
    "leads:lead_pool": Url(resource="lead"),
    "leads:lead_new": Url(READ_WRITE, view="lead.create", act="lead.create"),
    "leads:lead_settings": Url(READ_WRITE, view="lead.settings", act="lead.settings"),
    "leads:lead_detail": Url(**LEAD),
    "leads:lead_attempt": Url(WRITE, act="lead.work", **LEAD),
    "leads:lead_invalid": Url(READ_WRITE, **WORK_LEAD),
    "leads:lead_convert": Url(READ_WRITE, **WORK_LEAD),
    "leads:lead_transfer": Url(READ_WRITE, **WORK_LEAD),
    "leads:lead_assign": Url(READ_WRITE, view="lead.assign", act="lead.assign", **LEAD),
    "leads:lead_pick": Url(WRITE, act="lead.pick", **LEAD),
    "leads:lead_reveal": Url(WRITE, act="customer.reveal", **LEAD),
    "api-leads-list": Url(READ_WRITE, act="lead.create", resource="lead", early=BAD),
    "api-leads-detail": Url(**LEAD),
    "api-leads-attempts": Url(READ_WRITE, act="lead.work", early=BAD, **LEAD),
    "api-leads-assign": Url(WRITE, act="lead.assign", early=BAD, **LEAD),
    "api-leads-convert": Url(WRITE, act="lead.work", early=BAD, **LEAD),
    "api-leads-mark-invalid": Url(WRITE, act="lead.work", early=BAD, **LEAD),
    "api-leads-pick": Url(WRITE, act="lead.pick", **LEAD),
    "api-leads-transfer": Url(WRITE, act="lead.work", early=BAD, **LEAD),
    "api-leads-reveal": Url(WRITE, act="customer.reveal", early=BAD, **LEAD),
    "leads:import_list": Url(resource="import_batch"),
    "leads:import_new": Url(READ_WRITE, view="lead.import", act="lead.import"),
    "leads:import_template": Url(kwargs={"kind": "leads"}, view="lead.import"),
    "leads:import_detail": Url(**IMPORT),
    "leads:import_confirm": Url(WRITE, act="lead.import", **IMPORT),
    "leads:import_undo": Url(WRITE, act="lead.import", **IMPORT),
    # A file comes as multipart: anything else is refused before it is read.
    "api-imports-list": Url(
        READ_WRITE, act="lead.import", resource="import_batch", also=frozenset({415}), early=BAD | {415}
    ),
    "api-imports-detail": Url(**IMPORT),
    "api-imports-confirm": Url(WRITE, act="lead.import", **IMPORT),
    "api-imports-undo": Url(WRITE, act="lead.import", **IMPORT),
    "leads:prospect_list": Url(resource="prospect"),
    "leads:prospect_board": Url(resource="prospect"),
    "leads:claim_new": Url(READ_WRITE, view="prospect.claim", act="prospect.claim"),
    "leads:transfer_ask": Url(READ_WRITE, **EDIT_CARD),
    "leads:handover_list": Url(view="prospect.handover"),
    "leads:handover_new": Url(READ_WRITE, view="prospect.handover", act="prospect.handover"),
    "leads:handover": Url(view="prospect.handover", **HAND_OVER),
    "leads:handover_undo": Url(WRITE, act="prospect.handover", **HAND_OVER),
    "leads:quality_list": Url(resource="prospect", needs=("follow_up",)),
    "leads:quality_rows": Url(
        kwargs={"person": 999_999_999, "issue": "copied"}, resource="prospect", needs=("follow_up",)
    ),
    "leads:spot_check_list": Url(resource="prospect"),
    "leads:spot_check": Url(READ_WRITE, row="spot_check", resource="prospect", act="spot_check.record"),
    "leads:prospect_bulk": Url(READ_WRITE, view="follow_up.log", act="follow_up.log"),
    "api-prospects-bulk-preview": Url(WRITE, resource="prospect", act="follow_up.log", early=BAD),
    "api-prospects-bulk": Url(WRITE, resource="prospect", act="follow_up.log", early=BAD),
    "leads:calendar": Url(resource="prospect"),
    "leads:prospect_detail": Url(**CARD),
    "leads:prospect_edit": Url(READ_WRITE, **EDIT_CARD),
    "leads:strategy": Url(READ_WRITE, **EDIT_CARD),
    "leads:evaluation": Url(READ_WRITE, act="prospect.change", **CARD),
    "leads:nurture_list": Url(READ_WRITE, resource="nurture", act="prospect.nurture"),
    "leads:nurture_return": Url(READ_WRITE, view="prospect.nurture", act="prospect.nurture", **NURTURE),
    "leads:focus": Url(resource="prospect", view="follow_up.log"),
    "api-prospects-evaluations": Url(READ_WRITE, act="prospect.change", early=BAD, **CARD),
    "api-nurture-list": Url(resource="nurture"),
    "api-nurture-invite": Url(WRITE, resource="nurture", act="prospect.nurture", early=BAD),
    "api-nurture-return": Url(WRITE, act="prospect.nurture", early=BAD, **NURTURE),
    "api-focus-list": Url(resource="prospect", view="follow_up.log"),
    "leads:month_reviews": Url(READ_WRITE, **EDIT_CARD),
    "leads:prospect_reassign": Url(READ_WRITE, view="prospect.reassign", act="prospect.reassign", **CARD),
    "leads:follow_up_new": Url(READ_WRITE, view="follow_up.log", act="follow_up.log", **CARD),
    "leads:follow_up_no_answer": Url(WRITE, act="follow_up.log", **CARD),
    "leads:customer_detail": Url(**CUSTOMER),
    "leads:customer_edit": Url(READ_WRITE, **EDIT_CUSTOMER),
    "leads:customer_reveal": Url(WRITE, act="customer.reveal", **CUSTOMER),
    "leads:phone_add": Url(READ_WRITE, **EDIT_CUSTOMER),
    "leads:card_new": Url(READ_WRITE, view="prospect.change", act="prospect.change"),
    "leads:stand_in": Url(READ_WRITE, view="duty.manage", act="duty.manage", also=frozenset({404})),
    "leads:owner_list": Url(resource="owned_vehicle"),
    "leads:drive_calendar": Url(resource="test_drive", needs=("demo_car",)),
    "leads:drive_list": Url(resource="test_drive"),
    "leads:drive_new": Url(READ_WRITE, view="drive.book", act="drive.book"),
    "leads:drive_detail": Url(**DRIVE),
    "leads:drive_agreement": Url(**DRIVE),
    "leads:drive_licence": Url(WRITE, act="drive.run", **DRIVE),
    "leads:drive_sign": Url(READ_WRITE, view="drive.run", act="drive.run", **DRIVE),
    "leads:drive_ride": Url(WRITE, act="drive.run", **DRIVE),
    "leads:drive_start": Url(WRITE, act="drive.run", **DRIVE),
    "leads:drive_finish": Url(WRITE, act="drive.run", **DRIVE),
    "leads:drive_move": Url(READ_WRITE, view="drive.book", act="drive.book", **DRIVE),
    "leads:drive_cancel": Url(WRITE, act="drive.book", **DRIVE),
    "leads:drive_no_show": Url(WRITE, act="drive.book", **DRIVE),
    "leads:demo_car_list": Url(resource="demo_car"),
    "leads:demo_car_new": Url(READ_WRITE, view="demo_car.manage", act="demo_car.manage"),
    "leads:demo_car_edit": Url(READ_WRITE, view="demo_car.manage", act="demo_car.manage", **DEMO_CAR),
    "api-demo-cars-list": Url(resource="demo_car"),
    "api-test-drives-list": Url(READ_WRITE, act="drive.book", resource="test_drive", early=BAD),
    "api-test-drives-detail": Url(**DRIVE),
    "api-test-drives-licence": Url(WRITE, act="drive.run", early=BAD, **DRIVE),
    "api-test-drives-agreement": Url(WRITE, act="drive.run", early=BAD, **DRIVE),
    "api-test-drives-start": Url(WRITE, act="drive.run", early=BAD, **DRIVE),
    "api-test-drives-finish": Url(WRITE, act="drive.run", early=BAD, **DRIVE),
    "api-test-drives-move": Url(WRITE, act="drive.book", early=BAD, **DRIVE),
    "api-test-drives-cancel": Url(WRITE, act="drive.book", early=BAD, **DRIVE),
    "api-test-drives-no-show": Url(WRITE, act="drive.book", early=BAD, **DRIVE),
    "api-campaigns-list": Url(READ_WRITE, act="campaign.manage", resource="campaign", early=BAD),
    "api-campaigns-detail": Url(READ_CHANGE, act="campaign.manage", early=BAD, **CAMPAIGN),
    "api-campaigns-members": Url(READ_WRITE, act="campaign.manage", early=BAD, **CAMPAIGN),
    # 404: there is no such invitation
    "api-campaigns-attended": Url(
        WRITE, kwargs={"invite": 999_999}, act="campaign.manage", also=frozenset({404}), **CAMPAIGN
    ),
    "api-owners-list": Url(resource="owned_vehicle"),
    "api-owners-detail": Url(row="owned_vehicle", resource="owned_vehicle"),
    "api-visits-notify-owner": Url(WRITE, act="visit.register", early=BAD),
    "api-customers-phones": Url(WRITE, act="customer.change", early=BAD, **CUSTOMER),
    "api-customers-list": Url(resource="customer"),
    "api-customers-lookup": Url(query="?phone=13900000001", view="visit.register"),
    "api-customers-detail": Url(READ_CHANGE, act="customer.change", early=BAD, **CUSTOMER),
    "api-customers-reveal": Url(WRITE, act="customer.reveal", early=BAD, **CUSTOMER),
    "api-customers-timeline": Url(**CUSTOMER),
    "api-visits-list": Url(READ_WRITE, act="visit.register", resource="visit", early=BAD),
    "api-visits-detail": Url(**VISIT),
    "api-visits-complete": Url(WRITE, act="visit.complete", early=BAD, **VISIT),
    "api-visits-leave": Url(WRITE, act="visit.leave", early=BAD, **VISIT),
    "api-visits-assign": Url(WRITE, act="visit.assign", early=BAD, **VISIT),
    "api-prospects-list": Url(READ_WRITE, act="prospect.change", resource="prospect", early=BAD),
    "api-prospects-detail": Url(READ_CHANGE, act="prospect.change", early=BAD, **CARD),
    "api-prospects-follow-ups": Url(READ_WRITE, act="follow_up.log", early=BAD, **CARD),
    "api-prospects-transfer": Url(WRITE, act="prospect.reassign", early=BAD, **CARD),
    "leads:second_assign": Url(READ_WRITE, view="prospect.reassign", act="prospect.reassign", **CARD),
    "leads:loss_apply": Url(READ_WRITE, view="loss.apply", act="loss.apply", **CARD),
    "leads:dormancy_apply": Url(READ_WRITE, view="loss.apply", act="loss.apply", **CARD),
    "leads:dormancy_wake": Url(WRITE, act="prospect.change", **CARD),
    "leads:loss_list": Url(resource="loss_application"),
    "leads:loss_detail": Url(**LOSS),
    "leads:loss_decide": Url(WRITE, act="loss.decide", data={"decision": "agree"}, **LOSS),
    # The samples are on the list already: whoever may decide is told so.
    "leads:loss_call_ask": Url(WRITE, act="loss.decide", also=REFUSES, **LOSS),
    "api-losses-ask-call-back": Url(WRITE, act="loss.decide", also=REFUSES, **LOSS),
    # Only the person who asked takes it back: for everybody else within reach it is refused.
    "leads:loss_withdraw": Url(WRITE, act="loss.apply", also=REFUSES, **LOSS),
    "leads:loss_calls": Url(resource="loss_call_back"),
    "leads:loss_call": Url(READ_WRITE, view="loss.call_back", act="loss.call_back", **CALL),
    "leads:loss_number": Url(WRITE, act="loss.call_back", also=REFUSES, **CALL),
    "leads:dormant_list": Url(resource="prospect"),
    "leads:out_of_control": Url(resource="prospect"),
    "api-prospects-apply-loss": Url(WRITE, act="loss.apply", early=BAD, **CARD),
    "api-prospects-apply-dormancy": Url(WRITE, act="loss.apply", early=BAD, **CARD),
    "api-losses-list": Url(resource="loss_application"),
    "api-losses-detail": Url(**LOSS),
    "api-losses-decide": Url(WRITE, act="loss.decide", early=BAD, data={"decision": "agree"}, **LOSS),
    "api-losses-withdraw": Url(WRITE, act="loss.apply", also=REFUSES, **LOSS),
    "api-losses-call-back": Url(READ_WRITE, view="loss.call_back", act="loss.call_back", early=BAD, **CALL),
    "leads:owner_detail": Url(row="owned_vehicle", resource="owned_vehicle"),
}


def rows(world: World) -> dict[str, dict[str, int]]:
    """One card, its customer and its visit for the consultant, the colleague and store B's consultant."""
    found: dict[str, dict[str, int]] = {"prospect": {}, "customer": {}, "visit": {}, "owned_vehicle": {}}
    found |= {
        "campaign": {},
        "demo_car": {},
        "test_drive": {},
        "lead": {},
        "loss_application": {},
        "loss_call": {},
        "import_batch": {},
        "nurture": {},
    }
    nobody_takes(world.store)
    nobody_takes(world.other_store)
    for place, key, name in (
        ("own", "consultant", f"王{PAYLOAD}"), ("team", "colleague", f"李{PAYLOAD}"), ("other", "stranger", CANARY),
    ):  # fmt: skip
        user, store = world.user(key), world.other_store if place == "other" else world.store
        visit = make_visit(user, store, name=name, grade="H")
        assert visit.prospect
        assert visit.customer_id
        car = make_demo_car(store, plate=f"浙A{place.upper()}")
        found["campaign"][place] = make_campaign(store, user, name=f"活动{name}"[:60]).pk
        found["demo_car"][place] = car.pk
        found["test_drive"][place] = make_drive(user, visit.prospect, car).pk
        found["visit"][place] = visit.pk
        found["prospect"][place] = visit.prospect_id
        found["nurture"][place] = make_nurtured(user, make_prospect(user, store, name=name, grade="C")).pk
        found["customer"][place] = visit.customer_id
        found["lead"][place] = make_lead(user, store, owner=user, name=name).pk
        make_lead(user, store, name=f"池{name}"[:40])
        found["owned_vehicle"][place] = OwnedVehicle.objects.create(
            store=store, team=world.personas[key].team, owner=user, customer_id=visit.customer_id,
            series=store.brand.series.all()[0], description="远景X7", vin=f"LSVAU2180N21832{len(found['visit']):02d}",
            delivered_on=periods.today(),
        ).pk  # fmt: skip
        found["import_batch"][place] = ImportBatch.objects.create(
            store=store, kind="leads", file_name=f"{name}.xlsx", digest=place, made_by=user
        ).pk  # fmt: skip
        found["loss_application"][place] = found["loss_call"][place] = _asked(user, store, name)
    found["handover"] = _hand_overs(world)
    found["spot_check"] = _spot_checks(found["prospect"])
    return found


def _asked(user: Any, store: Any, name: str) -> int:
    """A sampled application for loss that waits."""
    card = make_visit(user, store, name=name, grade="B").prospect
    assert card is not None
    row = make_loss(user, card)
    LossApplication.objects.filter(pk=row.pk).update(is_sampled=True)
    return row.pk


def _hand_overs(world: World) -> dict[str, int]:
    """One made in each place; they belong to the store as a whole."""
    made = {}
    for place, key in (("own", "consultant"), ("team", "colleague"), ("other", "stranger")):
        store = world.other_store if place == "other" else world.store
        boss = world.user("other_manager" if place == "other" else "showroom_manager")
        moment = periods.now()
        made[place] = HandOver.objects.create(
            store=store, person=world.user(key), reason=CANARY if place == "other" else PAYLOAD, made_by=boss,
            made_at=moment, undo_until=moment,
        ).pk  # fmt: skip
    return made


def _spot_checks(cards: dict[str, int]) -> dict[str, int]:
    """A sampled follow-up of each card."""
    made = {}
    for place, pk in cards.items():
        card = Prospect.objects.get(pk=pk)
        row = FollowUp.objects.create(
            store_id=card.store_id, team_id=card.team_id, owner_id=card.owner_id, done_by_id=card.owner_id,
            prospect=card, customer_id=card.customer_id, done_at=periods.now(), channel="phone", outcome="reached",
            content=PAYLOAD, grade_before=card.grade, grade_after=card.grade,
        )  # fmt: skip
        made[place] = SpotCheck.objects.create(
            store_id=card.store_id, team_id=card.team_id, owner_id=card.owner_id, prospect=card, follow_up=row,
            week=periods.today(), sampled_at=periods.now(), grade_then=card.grade, customer_id=card.customer_id,
            about_at=row.done_at,
        ).pk  # fmt: skip
    return made
