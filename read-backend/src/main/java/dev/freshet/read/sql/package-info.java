/** The models of a PostgreSQL database: a primary, a replica or a read database. */
@NullMarked
package dev.freshet.read.sql;

import org.jspecify.annotations.NullMarked;
