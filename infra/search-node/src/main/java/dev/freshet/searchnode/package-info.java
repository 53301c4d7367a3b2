/** An OpenSearch node for local systems and tests, in a process of its own. */
@NullMarked
package dev.freshet.searchnode;

import org.jspecify.annotations.NullMarked;
