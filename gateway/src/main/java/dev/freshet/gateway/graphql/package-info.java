/** What a GraphQL request means, found in its content. */
@NullMarked
package dev.freshet.gateway.graphql;

import org.jspecify.annotations.NullMarked;
