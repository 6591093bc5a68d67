"""Addresses in an update, where only the fields that are given change."""

from collections.abc import Iterator

from klarna_om.types import Address, UpdateConsumer


def find_billing_address(content: UpdateConsumer) -> Iterator[str]:
    """Find a billing address."""
    if content.billing_address is not None:
        yield "billing_address: cannot be changed any more; Klarna refuses or ignores it"


def find_missing_country(content: UpdateConsumer) -> Iterator[str]:
    """Find countries that are not of two letters. An empty text clears the field."""
    for path, address in _addresses(content):
        country = address.country
        if isinstance(country, str) and country and not (len(country) == 2 and country.isascii() and country.isalpha()):
            yield f"{path}.country: should be a code of two letters (ISO 3166-1 alpha-2)"


def find_missing_region(content: UpdateConsumer) -> Iterator[str]:
    """Find addresses in the US without a region."""
    for path, address in _addresses(content):
        if address.country in ("US", "us") and not address.region:
            yield f"{path}.region: should be there for an address in the US"


def _addresses(content: UpdateConsumer) -> Iterator[tuple[str, Address]]:
    for name in ("shipping_address", "billing_address"):
        address = getattr(content, name)
        if isinstance(address, Address):
            yield name, address
