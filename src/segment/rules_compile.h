/*
 * rules_compile.h
 *	  From a rule set's document to its compiled form. Plain C: knows nothing of PostgreSQL.
 */
#ifndef CUSTOMER_VALUE_RULES_COMPILE_H
#define CUSTOMER_VALUE_RULES_COMPILE_H

#include <stdbool.h>
#include <stddef.h>

/* these bound the time that compiling takes */
#define RULES_MAX_SEGMENTS 1000
#define RULES_MAX_FACTS 1000
#define RULES_MAX_DOCUMENT (1024 * 1024) /* bytes */

typedef enum DocumentKind
{
	DOCUMENT_NULL,
	DOCUMENT_BOOLEAN,
	DOCUMENT_NUMBER,
	DOCUMENT_STRING,
	DOCUMENT_ARRAY,
	DOCUMENT_OBJECT
} DocumentKind;

/* A parsed JSON document: a value, and if it is an object's member, its key. */
typedef struct Document
{
	DocumentKind kind;
	double number; /* a boolean is 0 or 1; infinite if beyond double precision */
	const char *text;
	size_t length;
	const char *key;
	size_t key_length;
	const struct Document *children; /* of arrays and objects */
	size_t count;
} Document;

/* What is wrong, and where: the path in the document, and what does not hold of it. */
typedef struct RulesError
{
	const char *path;
	const char *problem;
} RulesError;

/* Gives memory that stays until the caller is done with the result; does not return NULL. */
typedef void *(*RulesAllocate)(size_t size);

/*
 * Checks the document in full and compiles it. Returns the compiled rule set and its size, or NULL
 * and the error.
 */
extern void *rules_compile(const Document *document, RulesAllocate allocate, size_t *size,
						   RulesError *error);

#endif
