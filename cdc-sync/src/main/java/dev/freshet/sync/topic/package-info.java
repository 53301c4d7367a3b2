/**
 * Topics for other teams, written beside the log: tables in Debezium's envelope, transactions, the
 * outbox. What they hold is public, unlike the log.
 */
@NullMarked
package dev.freshet.sync.topic;

import org.jspecify.annotations.NullMarked;
