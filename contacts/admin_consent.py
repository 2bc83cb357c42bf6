"""The two options of C7.3 in the back office: an expert who works there needs no other page."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from contacts.consent.actions import set_consent
from contacts.consent.effects import consent_sentence
from contacts.forms import ReasonForm
from contacts.models import ConsentEntry, Contact
from contacts.presenting import options_of
from staff.permissions import signed_in


class SetsConsent(admin.ModelAdmin):
    """A customer's page with both options in a section of their own, each with the action that changes it."""

    def get_urls(self) -> list[URLPattern]:
        own = path(
            "<int:pk>/consent/<slug:flag>/",
            self.admin_site.admin_view(self.consent_view),
            name="contacts_contact_consent",
        )
        return [own, *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["options"] = options_of(context["original"])
        return super().render_change_form(request, context, *args, **kwargs)

    def consent_view(self, request: HttpRequest, pk: int, flag: str) -> HttpResponse:
        """Asks for the reason, and activates or deactivates the option; the effect is named afterwards."""
        user = signed_in(request)
        if not user.may("contacts.set_consent"):
            raise PermissionDenied
        contact = Contact.objects.filter(pk=pk).first()
        if contact is None or flag not in ConsentEntry.Flag.values:
            raise Http404
        # What the page showed is what is done: a second tab must not turn it round.
        value = request.POST.get("value") == "1" if request.method == "POST" else not getattr(contact, flag)
        form = ReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                reason = form.cleaned_data["reason"]
                effect = set_consent(
                    contact=contact, flag=flag, value=value, reason=reason, by=user, now=timezone.now()
                )
            except ValidationError as error:
                form.add_error("reason", error)
            else:
                tell = messages.success if effect.changed else messages.info
                tell(request, consent_sentence(contact, ConsentEntry.Flag(flag), value, effect))
                return redirect(reverse("admin:contacts_contact_change", args=[pk]))
        return self._consent_page(request, contact, flag, value, form)

    def _consent_page(
        self, request: HttpRequest, contact: Contact, flag: str, value: bool, form: ReasonForm
    ) -> HttpResponse:
        [option] = [option for option in options_of(contact) if option.flag == flag]
        context = {
            **self.admin_site.each_context(request),
            "title": option.words,
            "contact": contact,
            "option": option,
            "value": value,
            "form": form,
            "opts": self.opts,
        }
        status = 422 if form.errors else 200
        return TemplateResponse(request, "admin/contacts/contact/consent.html", context, status=status)
