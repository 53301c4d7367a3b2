/** Threads that go on beside a session or a capture, and end with it. */
@NullMarked
package dev.freshet.sync.task;

import org.jspecify.annotations.NullMarked;
