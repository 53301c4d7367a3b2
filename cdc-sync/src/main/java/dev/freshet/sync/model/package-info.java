/**
 * Read models as their files declare them, and what their SELECTs say about the rows that a change
 * touches.
 */
@NullMarked
package dev.freshet.sync.model;

import org.jspecify.annotations.NullMarked;
