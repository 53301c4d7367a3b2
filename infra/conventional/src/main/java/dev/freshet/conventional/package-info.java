/**
 * What one would write without read models: a controller, a repository and entities on the
 * normalised tables.
 */
@NullMarked
package dev.freshet.conventional;

import org.jspecify.annotations.NullMarked;
