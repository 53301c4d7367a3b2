/** Files that are read again when they change while a part runs. */
@NullMarked
package dev.freshet.runtime.watch;

import org.jspecify.annotations.NullMarked;
