"""The words that customers' names and companies are made of, to find a misspelled one by.

Word similarity is computed over these, some tens of thousands, and not over a million customers: PostgreSQL
compares a name with a row in 20 µs, and a misspelled «محمد» with a tenth of all rows.
"""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import TrigramSimilarity
from django.db import models
from django.utils.translation import gettext_lazy as _


class SearchWord(models.Model):
    """A folded word (`persian.text.search_key`) of three letters or more, without digits.

    Written by `contacts.actions.search_words` alone; it may lag behind the customers by an hour.
    """

    word = models.CharField(_("word"), max_length=40, primary_key=True)

    class Meta:
        verbose_name = _("search word")
        verbose_name_plural = _("search words")
        default_permissions = ()
        # Words similar to a misspelled one. Without a pending list: until a vacuum it made PostgreSQL compare
        # all words, 0.1 s of 50,000.
        indexes = [
            GinIndex(
                fields=["word"], opclasses=["gin_trgm_ops"], fastupdate=False, name="search_word_similar"
            )
        ]

    def __str__(self) -> str:
        return self.word


def unknown_words(typed: list[str]) -> list[str]:
    """Those of the folded words that no customer has."""
    known = set(SearchWord.objects.filter(word__in=typed).values_list("word", flat=True))
    return [word for word in typed if word not in known]


def similar_words(typed: str, limit: int = 5) -> list[str]:
    """Words of customers that are like the folded word `typed`, the most similar first."""
    alike = SearchWord.objects.filter(word__trigram_similar=typed)
    ranked = alike.annotate(similarity=TrigramSimilarity("word", typed)).order_by("-similarity", "word")
    return list(ranked.values_list("word", flat=True)[:limit])
