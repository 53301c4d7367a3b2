// Prints what becomes of orders: node orders.mjs BROKER TOPIC
import { Kafka, logLevel } from 'kafkajs';

const [broker, topic] = process.argv.slice(2);
const kafka = new Kafka({ clientId: 'orders-example', brokers: [broker], logLevel: logLevel.ERROR });
const consumer = kafka.consumer({ groupId: 'orders-example-node', readUncommitted: false });

await consumer.connect();
await consumer.subscribe({ topic, fromBeginning: true });
await consumer.run({
  eachMessage: async ({ message }) => {
    const key = message.key?.toString();
    if (message.value === null) {
      return console.log(`${key} is gone for good`); // a tombstone
    }
    const { op, before, after } = JSON.parse(message.value.toString());
    console.log(`${message.headers['freshet-position']} ${op} ${key}`, before, after);
  },
});
