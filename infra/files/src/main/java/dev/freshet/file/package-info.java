/**
 * Files that people write, read with the place of everything in them: YAML, the forms that JSON
 * Schemas give it, and SQL as tokens. What is wrong is told with line and column.
 */
@NullMarked
package dev.freshet.file;

import org.jspecify.annotations.NullMarked;
