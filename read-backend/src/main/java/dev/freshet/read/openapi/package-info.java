/** The models described in OpenAPI 3.1, and a page to try them. */
@NullMarked
package dev.freshet.read.openapi;

import org.jspecify.annotations.NullMarked;
