/**
 * Kafka nodes and workers of Kafka Connect for local systems and tests: processes of their own,
 * which are killed, started again and stopped in order.
 */
@NullMarked
package dev.freshet.broker;

import org.jspecify.annotations.NullMarked;
