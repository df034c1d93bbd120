"""Customers, their visits, graded cards, follow-ups and owned cars."""

from leads.models.campaign import Campaign, CampaignInvite
from leads.models.customer import Customer, CustomerPhone
from leads.models.drive import DemoCar, TestDrive, TestDriveChange
from leads.models.evaluation import NurtureStay, ProspectEvaluation
from leads.models.follow_up import FollowUp, FollowUpTask
from leads.models.import_batch import ImportBatch, ImportRow
from leads.models.lead import Lead, LeadAssignee, LeadAssignment, LeadAttempt, LeadChange, LeadDesk
from leads.models.loss import LossApplication, LossCallBack
from leads.models.owner import CareTask, OwnedVehicle
from leads.models.ownership import CreditShare, HandOver, HandOverItem
from leads.models.prospect import GradeChange, OwnerChange, Prospect, StatusChange
from leads.models.register_day import RegisterDay
from leads.models.spot_check import SpotCheck
from leads.models.strategy import MonthReviewCard, StrategyCard
from leads.models.visit import Visit

__all__ = [
    "Campaign",
    "CampaignInvite",
    "CareTask",
    "CreditShare",
    "Customer",
    "CustomerPhone",
    "DemoCar",
    "FollowUp",
    "FollowUpTask",
    "GradeChange",
    "HandOver",
    "HandOverItem",
    "ImportBatch",
    "ImportRow",
    "Lead",
    "LeadAssignee",
    "LeadAssignment",
    "LeadAttempt",
    "LeadChange",
    "LeadDesk",
    "LossApplication",
    "LossCallBack",
    "MonthReviewCard",
    "NurtureStay",
    "OwnedVehicle",
    "OwnerChange",
    "Prospect",
    "ProspectEvaluation",
    "RegisterDay",
    "SpotCheck",
    "StatusChange",
    "StrategyCard",
    "TestDrive",
    "TestDriveChange",
    "Visit",
]
