/**
 * Keeping a database in step, beside others who do: PostgreSQL's own logical replication, Debezium
 * that only counts, Debezium's JDBC sink. All read the same changes of the same tables.
 */
@NullMarked
package dev.freshet.bench.sync;

import org.jspecify.annotations.NullMarked;
