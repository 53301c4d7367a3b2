/**
 * The port of a read-backend: a store has a copy of the models and answers queries on them, in
 * whatever language it has.
 */
@NullMarked
package dev.freshet.read.store;

import org.jspecify.annotations.NullMarked;
