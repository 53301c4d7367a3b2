/**
 * What batches change in the rows of models, told to those who keep a copy of these rows elsewhere.
 */
@NullMarked
package dev.freshet.sync.delta;

import org.jspecify.annotations.NullMarked;
