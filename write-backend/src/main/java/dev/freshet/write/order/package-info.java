/**
 * The orders' commands.
 *
 * <p>States of an order: {@code placed → preparing → ready → served}, and {@code cancelled} from
 * any of the first three ({@link dev.freshet.write.order.OrderStatus}). Each command locks the
 * order's row first, so that of two concurrent ones the second decides on what the first left.
 */
@NullMarked
package dev.freshet.write.order;

import org.jspecify.annotations.NullMarked;
