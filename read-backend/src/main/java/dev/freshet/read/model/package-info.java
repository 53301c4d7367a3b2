/**
 * What can be read: the relations in schema {@code read} of the source, as its catalogue has them.
 */
@NullMarked
package dev.freshet.read.model;

import org.jspecify.annotations.NullMarked;
