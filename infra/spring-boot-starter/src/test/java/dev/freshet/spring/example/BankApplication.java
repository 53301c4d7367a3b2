package dev.freshet.spring.example;

import org.springframework.boot.autoconfigure.SpringBootApplication;

/** An application of somebody else's. */
@SpringBootApplication
public class BankApplication {}
