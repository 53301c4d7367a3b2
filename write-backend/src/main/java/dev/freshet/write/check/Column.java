package dev.freshet.write.check;

/**
 * A column of a statement's result.
 *
 * @param type as a cast takes it
 */
public record Column(String name, String type) {}
