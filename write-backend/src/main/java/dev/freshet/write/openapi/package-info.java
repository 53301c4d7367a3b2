/** Commands as OpenAPI 3.1 describes them. */
@NullMarked
package dev.freshet.write.openapi;

import org.jspecify.annotations.NullMarked;
