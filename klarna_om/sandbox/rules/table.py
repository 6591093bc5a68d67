"""All rules."""

from collections.abc import Mapping

from klarna_om.sandbox.rules.exchange_rules import ANSWERS, KEYS, QUOTA
from klarna_om.sandbox.rules.message_rules import CLIENTS, MESSAGES
from klarna_om.sandbox.rules.order_rules import MONEY, ORDERS
from klarna_om.sandbox.rules.rule import Rule

RULES = (*KEYS, *ANSWERS, *QUOTA, *ORDERS, *MONEY, *MESSAGES, *CLIENTS)
RULES_BY_NAME: Mapping[str, Rule] = {rule.name: rule for rule in RULES}
