/**
 * Commands as their files declare them: {@code commands/NAME.sql}, a header of YAML and statements.
 *
 * <p>What a file says by itself is checked here, with the place of everything that is wrong; what
 * only the database knows is checked by {@link dev.freshet.write.check}.
 */
@NullMarked
package dev.freshet.write.declaration;

import org.jspecify.annotations.NullMarked;
