"""Messages, their recipients' deliveries, and the calls to the gateways."""

from messaging.models.accountability import Breach, Comparison
from messaging.models.delivery import Delivery, GatewayCall
from messaging.models.failure_count import FailureCount
from messaging.models.inbound import InboundCursor, InboundMessage, ProviderCallback, UnreadableInbound
from messaging.models.line import LineBudget
from messaging.models.message import FROZEN, AudienceMember, Message, MessageStop, Override
from messaging.models.operation import WorkerBeat
from messaging.models.progress import MessageProgress
from messaging.models.unknown_outcome import DecidedDelivery, DoubtDecision

__all__ = [
    "FROZEN",
    "AudienceMember",
    "Breach",
    "Comparison",
    "DecidedDelivery",
    "Delivery",
    "DoubtDecision",
    "FailureCount",
    "GatewayCall",
    "InboundCursor",
    "InboundMessage",
    "LineBudget",
    "Message",
    "MessageProgress",
    "MessageStop",
    "Override",
    "ProviderCallback",
    "UnreadableInbound",
    "WorkerBeat",
]
