"""Messages, their recipients' deliveries, and the calls to the gateways."""

from messaging.models.delivery import Delivery, GatewayCall
from messaging.models.message import FROZEN, AudienceMember, Message, MessageStop, Override
from messaging.models.operation import WorkerBeat

__all__ = [
    "FROZEN",
    "AudienceMember",
    "Delivery",
    "GatewayCall",
    "Message",
    "MessageStop",
    "Override",
    "WorkerBeat",
]
