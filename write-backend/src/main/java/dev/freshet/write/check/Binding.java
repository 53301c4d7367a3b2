package dev.freshet.write.check;

/**
 * A value to bind.
 *
 * @param name as the command's file calls it
 * @param type PostgreSQL's, as a cast takes it: declared, or inferred
 */
public record Binding(String name, String type) {}
