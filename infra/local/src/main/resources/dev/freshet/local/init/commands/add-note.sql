/*
request: POST /notes
body: { required: [text], properties: { text: { type: string, minLength: 1, maxLength: 1000 } } }
answer: 201 /notes/{id}
*/
insert into note (text) values (:text) returning id, text, version;
