/** Commands given by their authors, to see what they do: nothing of it stays. */
@NullMarked
package dev.freshet.write.trial;

import org.jspecify.annotations.NullMarked;
