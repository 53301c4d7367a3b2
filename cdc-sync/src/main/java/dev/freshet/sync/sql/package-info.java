/** SQL texts, by PostgreSQL's lexical rules, and SQL that several packages ask by. */
@NullMarked
package dev.freshet.sync.sql;

import org.jspecify.annotations.NullMarked;
