/** Files that are looked at again and again while a part runs. */
@NullMarked
package dev.freshet.runtime.watch;

import org.jspecify.annotations.NullMarked;
