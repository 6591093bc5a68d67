"""The statements about intents, in the words of `dialect`."""

ADD = """
insert into {intents} (id, operation, order_id, capture_id, reference, body, created, due)
values (:id, :operation, :order_id, :capture_id, :reference, :body, {now}, {now})
on conflict (operation, lower(order_id), reference) do nothing returning id"""

FIND = "select {columns} from {intents} where id = :id"

FIND_BY_REFERENCE = """
select {columns} from {intents}
where operation = :operation and lower(order_id) = :order_id and reference = :reference"""

NEXT_DUE = """
select {columns_of_i}, {age} from {intents} as i where {is_due} order by i.due, i.number limit 1 {lock_row}"""

IS_FREE = "select 1 from {intents} as i where i.id = :id and {is_due}"

CLAIM = """
update {intents} set lease = :lease, lease_until = {now} + {seconds}, generation = :generation,
    first_tried = case when :is_new_key then {now} else first_tried end
where id = :id returning {columns}"""

STOP = """
update {intents} set state = 'escalated', settled = {now}, due = {now}, reported = null, detail = :detail,
    lease = null, lease_until = null
where id = :id"""

RENEW = """
update {intents} set lease_until = {now} + {seconds} where id = :id and lease = :lease returning id"""

RELEASE = """
update {intents} set lease = null, lease_until = null where id = :id and lease = :lease returning id"""

FINISH = """
update {intents} set state = :state, lease = null, lease_until = null, due = {now} + {seconds},
    generation = case when :is_new_generation then generation + 1 else generation end,
    first_tried = case when :forget_try then null else first_tried end,
    settled = case when :is_settled then {now} end, reported = null,
    attempts = attempts + :attempts, failed_calls = :failed_calls, result_id = :result_id, status = :status,
    error_code = :error_code, correlation_id = :correlation_id, correlation_ids = :correlation_ids, detail = :detail
where id = :id and lease = :lease returning id"""

NEXT_UNREPORTED = """
select {columns} from {intents} where reported is null and state in {settled_states} and due <= {now}
order by due, number limit 1"""

REPORT = "update {intents} set reported = {now} where id = :id and reported is null and state = :state returning id"

REPORT_LATER = "update {intents} set due = {now} + {seconds} where id = :id and reported is null"

RETRY = """
update {intents} set due = {now}, reported = null, settled = null, failed_calls = 0,
    state = case when state in {waiting_states} then state when state = 'escalated' then 'unknown' else 'pending' end,
    generation = case when state = 'refused' then generation + 1 else generation end,
    first_tried = case when state = 'refused' then null else first_tried end
where id = :id and state <> 'done' returning {columns}"""

SETTLE = """
update {intents} set state = :state, result_id = :result_id, detail = :detail, settled = {now}, due = {now},
    reported = null
where id = :id and state = 'escalated' returning {columns}"""

LIST = """
select {columns} from {intents}
where (cast(:state as text) is null or state = :state) and (cast(:order_id as text) is null or order_id = :order_id)
order by number limit :limit"""

COUNTS = "select state, count(*) from {intents} group by state"

LAG = """
select min(i.due), count(*), {now} from {intents} as i
where i.state in {waiting_states} and i.due <= {now} and not exists (
    select 1 from {intents} as other
    where other.order_id = i.order_id and other.number < i.number and other.state in {open_states})"""
