/*
 * row_filter.c
 *	  The filter of a source: a condition on one row that means the same whoever writes it, and when.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "access/table.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_clause.h"
#include "parser/parse_collate.h"
#include "parser/parse_relation.h"
#include "parser/parser.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"

#include "support/compat.h"

PG_FUNCTION(customer_value_row_filter);

/* Points errors at the filter, not at the statement that gave it. */
static void
filter_error(void *query)
{
	int position = geterrposition();

	if (position > 0)
	{
		errposition(0);
		internalerrposition(position);
		internalerrquery(query);
	}
}

/* The condition, alone in a SELECT, so that nothing but an expression passes. */
static Node *
parse_condition(const char *query)
{
	List *statements = raw_parser(query, RAW_PARSE_DEFAULT);
	SelectStmt *plain = makeNode(SelectStmt);
	Node *statement = linitial_node(RawStmt, statements)->stmt;

	if (IsA(statement, SelectStmt))
		plain->targetList = ((SelectStmt *) statement)->targetList;
	if (list_length(statements) != 1 || list_length(plain->targetList) != 1 ||
		!equal(plain, statement))
		ereport(ERROR, (errcode(ERRCODE_SYNTAX_ERROR), errmsg("a filter is one condition")));
	return linitial_node(ResTarget, plain->targetList)->val;
}

static void
set_for_output(const char *name, const char *value)
{
	(void) set_config_option(name, value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0,
							 false);
}

/*
 * customer_value_internal.row_filter(relation regclass, filter text) returns text
 *
 * The filter as it is kept: a condition on one row of the table with all that it leaves to settings
 * spelt out, such as the meaning of '1.2.2026'. Errors where it is not boolean, or not decided by
 * what is stored in the row: subqueries, functions that are not immutable, system columns, and
 * columns that are computed when they are read.
 */
Datum
customer_value_row_filter(PG_FUNCTION_ARGS)
{
	Relation relation = try_table_open(PG_GETARG_OID(0), AccessShareLock);
	char *query = psprintf("SELECT (%s\n)", text_to_cstring(PG_GETARG_TEXT_PP(1)));
	ParseState *state = make_parsestate(NULL);
	ErrorContextCallback context = {error_context_stack, filter_error, query};
	ParseNamespaceItem *item;
	Node *condition;
	Bitmapset *columns = NULL;
	int column = -1;
	int settings;
	char *result;

	if (relation == NULL)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
						errmsg("relation with OID %u does not exist", PG_GETARG_OID(0))));
	error_context_stack = &context;
	state->p_sourcetext = query;
	item = addRangeTableEntryForRelation(state, relation, AccessShareLock, NULL, false, true);
	addNSItemToQuery(state, item, false, true, true);
	condition = transformWhereClause(state, parse_condition(query), EXPR_KIND_WHERE, "filter");
	assign_expr_collations(state, condition);
	error_context_stack = context.previous;

	if (state->p_hasSubLinks)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("a filter cannot contain a subquery"),
						errdetail("It would not be asked again when other tables change.")));
	if (contain_mutable_functions((Node *) expression_planner(copyObject((Expr *) condition))))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("functions in a filter must be marked IMMUTABLE"),
				 errdetail("What it says of a row must depend on neither time nor settings."),
				 errhint("Say AT TIME ZONE where a day is made of a timestamp with time zone.")));
	pull_varattnos(condition, 1, &columns);
	while ((column = bms_next_member(columns, column)) >= 0)
	{
		int number = column + FirstLowInvalidHeapAttributeNumber;

		if (number < 0 ||
			(number > 0 &&
			 TupleDescAttr(RelationGetDescr(relation), number - 1)->attgenerated == 'v'))
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("a filter cannot use system columns or virtual generated columns")));
	}

	settings = NewGUCNestLevel();
	set_for_output("datestyle", "ISO");
	set_for_output("intervalstyle", "postgres");
	set_for_output("extra_float_digits", "1");
	set_for_output("standard_conforming_strings", "on");
	result = deparse_expression(
		condition,
		deparse_context_for(RelationGetRelationName(relation), RelationGetRelid(relation)), false,
		false);
	AtEOXact_GUC(true, settings);
	table_close(relation, AccessShareLock);
	PG_RETURN_TEXT_P(cstring_to_text(result));
}
