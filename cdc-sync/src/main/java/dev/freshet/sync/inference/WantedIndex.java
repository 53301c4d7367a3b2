package dev.freshet.sync.inference;

import dev.freshet.sync.model.TableName;
import org.jspecify.annotations.Nullable;

/**
 * An index that the mirror of a table should have.
 *
 * @param expression a column or a parenthesised expression, as in CREATE INDEX
 * @param column the column's name when it is one; null for an expression
 */
public record WantedIndex(TableName table, String expression, @Nullable String column) {}
