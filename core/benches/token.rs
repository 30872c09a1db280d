//! An access token of the kind that Keycloak issues, about 1.2 kB with its signature.

pub const ISSUER: &str = "https://auth.example.com/realms/main";
pub const AUDIENCE: &str = "my-api";
pub const CLAIMS: &str = r#"{"exp":4102444800,"iat":1700000000,"auth_time":1699999990,"jti":"5f0e6c1a-2f0b-4a0a-9a63-0f7e6f1f0c11","iss":"https://auth.example.com/realms/main","aud":["my-api","account"],"sub":"f3b7a0de-6a5b-4c38-9a0e-7d7a7d3f9f10","typ":"Bearer","azp":"web-frontend","sid":"b8f0c7a4-3a52-4d8a-bb3a-93b7c0a1b7d5","acr":"1","allowed-origins":["https://app.example.com"],"realm_access":{"roles":["admin","user","offline_access","uma_authorization","default-roles-main"]},"resource_access":{"account":{"roles":["manage-account","manage-account-links","view-profile"]}},"scope":"openid profile email read write","email_verified":true,"name":"Alice Example","preferred_username":"alice","given_name":"Alice","family_name":"Example","email":"alice@example.com"}"#;
