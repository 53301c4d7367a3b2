/** A Kafka node for local systems and tests. */
@NullMarked
package dev.freshet.broker;

import org.jspecify.annotations.NullMarked;
