/** What the backends say of themselves in OpenAPI, as one document. */
@NullMarked
package dev.freshet.gateway.openapi;

import org.jspecify.annotations.NullMarked;
