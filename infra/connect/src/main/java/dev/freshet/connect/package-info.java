/**
 * The publisher as a plugin of Kafka Connect. Of the tasks of a connector one publishes, and the
 * others stand by; one that is paused or stopped does neither. A task fails when its publisher
 * can't be started; what goes wrong later the publisher sees to by itself, and tells at its own
 * port.
 */
@NullMarked
package dev.freshet.connect;

import org.jspecify.annotations.NullMarked;
