"""When is a call tried again: the rules, the policy, what the server asks for, and the budget."""
