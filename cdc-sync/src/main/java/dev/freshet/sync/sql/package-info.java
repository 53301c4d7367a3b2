/** SQL texts, by PostgreSQL's lexical rules. */
@NullMarked
package dev.freshet.sync.sql;

import org.jspecify.annotations.NullMarked;
