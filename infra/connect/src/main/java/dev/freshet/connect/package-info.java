/** The publisher as a plugin of Kafka Connect. */
@NullMarked
package dev.freshet.connect;

import org.jspecify.annotations.NullMarked;
