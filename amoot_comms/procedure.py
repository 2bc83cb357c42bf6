"""PR_MA_04 as data: the departments it names, and every channel and address of C1–C9 with its rule.

`manage.py load_procedure` puts what is missing into the register; people change it from there on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from channels.hours import Interval
from channels.models import Kind
from channels.procedure_hours import procedure_hours
from common.media import Purpose


@dataclass(frozen=True, slots=True)
class DepartmentRow:
    code: str
    name: str
    name_en: str


@dataclass(frozen=True, slots=True)
class ProcedureChannel:
    """One line of the register; `owner` is a department's code, empty where it is the whole company's."""

    code: str
    kind: Kind
    name: str
    name_en: str
    address: str
    owner: str
    clause: str
    rule: str
    rule_en: str
    windows: dict[str, list[Interval]] = field(default_factory=dict)


def promotional_hours(kind: Kind) -> dict[str, list[Interval]]:
    """The windows of C7.6 for a channel of this kind, as the procedure's version sets them."""
    hours = procedure_hours(kind, Purpose.PROMOTIONAL)
    return {Purpose.PROMOTIONAL: hours.intervals()} if hours is not None else {}


# C0 binds every channel: it stands behind each one's own rule.
C0: Final = "استفاده برای امور شخصی مجاز نیست."
C0_EN: Final = "Not for personal matters."

DEPARTMENTS: Final = (
    DepartmentRow("management", "مدیریت", "Management"),
    DepartmentRow("branding", "تبلیغات و برندینگ", "Advertising and Branding"),
    DepartmentRow("sms-avanak", "آوانک-پیامک", "Avanak–SMS"),
    DepartmentRow("owj", "اوج", "Owj"),
    DepartmentRow("hr", "منابع انسانی", "Human Resources"),
    DepartmentRow("it", "فناوری اطلاعات", "Information Technology"),
    DepartmentRow("voc", "صدای مشتری (VOC)", "Voice of the Customer (VOC)"),
    DepartmentRow("sales", "فروش و مشاوره", "Sales and Consulting"),
)

_SITE = "معرفی شرکت، تبلیغات، برندسازی و معرفی فناوری‌های جدید؛ کنترل و مدیریت با واحد تبلیغات و برندینگ (C5)."
_SITE_EN = "Introduces the company, its brand and new technology; Advertising and Branding controls it (C5)."


# C7, for SMS and Avanak alike.
_SENDING = (
    "اطلاع‌رسانی و رضایت‌سنجی محدودیت ساعت ندارد، مگر وقتی اپراتور قطع است. "
    "پیام به کسی که نخواسته است نمی‌رود. "
    "مسئول رعایت ساعت، ارسال‌کننده و مدیر مستقیم اوست."
)
_SENDING_EN = (
    "Notifications and surveys go at any hour, unless the operator is down. "
    "Nobody gets what they refused. "
    "The sender and the sender's direct manager answer for the hours."
)


def _site(code: str, name: str, name_en: str, address: str) -> ProcedureChannel:
    return ProcedureChannel(code, Kind.WEBSITE, name, name_en, address, "branding", "C1", _SITE, _SITE_EN)


_SITES = (
    _site("site-amootsoft", "سایت آموت", "Amoot website", "www.amootsoft.com"),
    _site("site-avanak", "سایت آوانک", "Avanak website", "www.avanak.ir"),
    _site("site-owj", "سایت اوج", "Owj website", "www.owj.io"),
    _site("site-amootsms", "سایت پیامک آموت", "Amoot SMS website", "www.amootsms.com"),
)

_TOOLS = (
    ProcedureChannel(
        "hub",
        Kind.PORTAL,
        "پرتال خدمات مشتریان",
        "Customer portal",
        "hub.amootsoft.com",
        "",
        "C3",
        "مشتریان از این راه با تیکت به همهٔ واحدها می‌رسند؛ هر واحد به تیکت‌های خود پاسخ می‌دهد.",
        "Customers reach every unit by ticket; each unit answers its own.",
    ),
    ProcedureChannel(
        "adobe-connect",
        Kind.MEETING,
        "ادوبی کانکت",
        "Adobe Connect",
        "",
        "it",
        "C4",
        "برای ارتباط آنلاین، آموزش گروهی و وبینار.",
        "For online contact, group training and webinars.",
    ),
    ProcedureChannel(
        "anydesk",
        Kind.REMOTE,
        "انی‌دسک",
        "AnyDesk",
        "",
        "it",
        "C4",
        "برای پشتیبانی و آموزش از راه دور، با آگاهی مشتری و تنها تا پایان همان کار.",
        "For remote support and training, with the customer's knowledge and no longer than that.",
    ),
    ProcedureChannel(
        "screen-entrance",
        Kind.SCREEN,
        "نمایشگر سردر مجتمع",
        "Screen at the entrance",
        "",
        "branding",
        "C6",
        "اطلاع‌رسانی و تبلیغات؛ کنترل و مدیریت با واحد تبلیغات و برندینگ.",
        "Announcements and advertising; Advertising and Branding controls and manages it.",
    ),
    ProcedureChannel(
        "screen-floor-4",
        Kind.SCREEN,
        "تلویزیون راهروی طبقهٔ ۴",
        "TV in the 4th-floor corridor",
        "",
        "branding",
        "C6",
        "اطلاع‌رسانی‌های واحد تبلیغات و برندینگ؛ مدیریت با همان واحد.",
        "The announcements of Advertising and Branding, which manages it.",
    ),
    ProcedureChannel(
        "sms",
        Kind.SMS,
        "سامانهٔ پیامک",
        "SMS",
        "",
        "sms-avanak",
        "C7",
        f"پیامک تبلیغاتی همه‌روزه از ۸:۰۰ تا ۲۲:۰۰. {_SENDING}",
        f"Promotional SMS every day from 08:00 to 22:00. {_SENDING_EN}",
        promotional_hours(Kind.SMS),
    ),
    ProcedureChannel(
        "avanak",
        Kind.VOICE,
        "سامانهٔ پیام صوتی آوانک",
        "Avanak (voice)",
        "",
        "sms-avanak",
        "C7",
        f"پیام صوتی تبلیغاتی همه‌روزه از ۷:۰۰ تا ۲۳:۰۰. {_SENDING}",
        f"Promotional voice messages every day from 07:00 to 23:00. {_SENDING_EN}",
        promotional_hours(Kind.VOICE),
    ),
    ProcedureChannel(
        "chat",
        Kind.CHAT,
        "چت آنلاین",
        "Online chat",
        "",
        "sales",
        "C8",
        "مشاورهٔ آنلاین محصولات. پاسخ‌گویان را مدیر دپارتمان تعیین می‌کند "
        "و طبق دستورالعمل WI-QM-04 پاسخ می‌دهند.",
        "Advice on products. The department's manager decides who answers, by work instruction WI-QM-04.",
    ),
)


def _mail(code: str, owner: str, clause: str, rule: str, rule_en: str) -> ProcedureChannel:
    return ProcedureChannel(
        f"mail-{code.replace('.', '-')}",
        Kind.EMAIL,
        f"ایمیل {code}",
        f"E-mail {code}",
        f"{code}@amootsoft.com",
        owner,
        clause,
        rule,
        rule_en,
    )


_TO_CEO = "برای مشاهده و کنترل به ایمیل مدیرعامل می‌رود."
_TO_CEO_EN = "Goes to the CEO's mailbox for viewing and control."
_TO_MANAGER = "از آنِ دپارتمان آوانک-پیامک است و به ایمیل مدیر آن دپارتمان می‌رود."
_TO_MANAGER_EN = "Belongs to the Avanak–SMS department and goes to its manager's mailbox."

_MAILS = (
    _mail("info", "management", "C9.1", _TO_CEO, _TO_CEO_EN),
    _mail("crm", "management", "C9.1", _TO_CEO, _TO_CEO_EN),
    _mail(
        "manager",
        "management",
        "C9.1",
        "ایمیل مدیرعامل؛ نامه‌های info و crm به آن می‌رسد.",
        "The CEO's mailbox, which receives the mail of info and crm.",
    ),
    _mail("sms", "sms-avanak", "C9.2", _TO_MANAGER, _TO_MANAGER_EN),
    _mail("avanak", "sms-avanak", "C9.2", _TO_MANAGER, _TO_MANAGER_EN),
    _mail(
        "o.movahed",
        "sms-avanak",
        "C9.2",
        "ایمیل مدیر دپارتمان آوانک-پیامک؛ نمونهٔ نشانی شخصی همکاران پس از دورهٔ آزمایشی (C9.6).",
        "The Avanak–SMS manager's mailbox; the example of a colleague's own address after the trial (C9.6).",
    ),
    _mail(
        "owj",
        "owj",
        "C9.3",
        "همکاران دپارتمان اوج آن را می‌بینند و کنترل می‌کنند.",
        "The colleagues of the Owj department view and control it.",
    ),
    _mail(
        "jobs",
        "hr",
        "C9.4",
        "برای کارجویان؛ کارشناس منابع انسانی آن را می‌بیند و کنترل می‌کند.",
        "For job seekers; the human-resources expert views and controls it.",
    ),
    _mail(
        "noreply",
        "it",
        "C9.5",
        "تنها برای نامه‌های اطلاع‌رسانی که از hub برای مشتریان می‌رود؛ نامه‌ای نمی‌پذیرد.",
        "Only for the information that hub mails to customers; it accepts no mail.",
    ),
)

CHANNELS: Final = (*_SITES, *_TOOLS, *_MAILS)
