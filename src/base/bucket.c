/*
 * bucket.c
 *	  Where the cut-offs lie without reading every customer: how many customers there are, and what
 *	  they add up to, by the size of their basis.
 */
#include "postgres.h"

#include <math.h>

#include "commands/trigger.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "base/kept_plan.h"
#include "base/owner.h"
#include "common/compat.h"

PG_FUNCTION(customer_value_basis_bucket);
PG_FUNCTION(customer_value_queue_customer);

/* What remains of a double: sign, exponent and 6 bits, for 64 buckets from one power of 2 to the next. */
#define BITS_DROPPED 46

/* The kept plan of a trigger. */
typedef struct Keeper
{
	Oid trigger;
	Oid key; /* the type of customer_id that it takes, if it does */
	SPIPlanPtr plan;
} Keeper;

static HTAB *keepers = NULL;

/*
 * customer_value.basis_bucket(numeric) returns integer
 *
 * The bucket of a basis. It never falls as the basis rises, is below 0 where the basis is, and 0 for 0.
 */
Datum
customer_value_basis_bucket(PG_FUNCTION_ARGS)
{
	double basis =
		DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, PG_GETARG_DATUM(0)));
	double size = fabs(basis);
	int64 bits;

	if (!isfinite(basis))
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
						errmsg("the basis of a customer must be a number that float8 can hold")));
	memcpy(&bits, &size, sizeof(bits));
	bits >>= BITS_DROPPED;
	PG_RETURN_INT32(basis < 0 ? -(int32) bits : (int32) bits);
}

/* The kept plan of a trigger, or NULL where it has to be made. */
static Keeper *
find_keeper(const Trigger *trigger, Oid key)
{
	Keeper *keeper;
	bool found;

	if (keepers == NULL)
	{
		HASHCTL control = {.keysize = sizeof(Oid), .entrysize = sizeof(Keeper)};

		keepers = hash_create("customer_value keepers", 16, &control, HASH_ELEM | HASH_BLOBS);
	}
	keeper = hash_search(keepers, &trigger->tgoid, HASH_ENTER, &found);
	if (!found)
		keeper->plan = NULL;
	if (keeper->plan != NULL && (keeper->key != key || !SPI_plan_is_valid(keeper->plan)))
	{
		kept_plan_retire(keeper->plan);
		keeper->plan = NULL;
	}
	keeper->key = key;
	return keeper;
}

/* The quoted name of the base whose table of customers the trigger is on. */
static const char *
base_of(const TriggerData *trigger)
{
	return quote_identifier(get_namespace_name(RelationGetNamespace(trigger->tg_relation)));
}

/*
 * customer_value.queue_customer() returns trigger
 *
 * AFTER INSERT OR UPDATE FOR EACH ROW on a base's table of customers: puts the customer into the
 * queue, for the next rebalance to bring him up to date.
 */
Datum
customer_value_queue_customer(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	TupleDesc columns;
	HeapTuple row;
	int number;
	Datum customer;
	bool is_null;
	char null;
	Oid key;
	Keeper *keeper;
	OwnerState saved;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(trigger->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(trigger->tg_event) || TRIGGER_FIRED_BY_DELETE(trigger->tg_event))
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
						errmsg("customer_value.queue_customer() must be fired AFTER EACH ROW that "
							   "is inserted or updated")));
	columns = trigger->tg_relation->rd_att;
	row = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? trigger->tg_newtuple : trigger->tg_trigtuple;
	number = SPI_fnumber(columns, "customer_id");
	if (number <= 0)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
						errmsg("the table of customers has no column \"%s\"", "customer_id")));
	customer = SPI_getbinval(row, columns, number, &is_null);
	null = is_null ? 'n' : ' ';
	key = SPI_gettypeid(columns, number);

	keeper = find_keeper(trigger->tg_trigger, key);
	owner_enter(&saved, trigger->tg_relation->rd_rel->relowner);
	SPI_connect();
	if (keeper->plan == NULL)
	{
		owner_check(trigger->tg_relation, "queue");
		keeper->plan = kept_plan_make(
			psprintf("INSERT INTO %s.queue (customer_id) VALUES ($1)", base_of(trigger)), 1, &key);
	}
	if (SPI_execute_plan(keeper->plan, &customer, &null, false, 0) != SPI_OK_INSERT)
		elog(ERROR, "customer was not queued: %s", SPI_result_code_string(SPI_result));
	SPI_finish();
	owner_leave(&saved);

	return PointerGetDatum(NULL);
}
