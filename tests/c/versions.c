/* Section "Listing", all versions of objects, against a server: versions ENDPOINT ID KEY. */
#include "server.h"

static cosffi_client *client;

static cosffi_str str(const char *text) { return cosffi_str_of(text); }

typedef struct seen {
    int pages, versions, marks, latest, prefixes;
    char key_marker[64], id_marker[64];
    char keys[16][32], ids[16][64];
} seen;

static app self;
static seen found;

static int32_t on_page(void *user_data, const cosffi_versions_page *page) {
    seen *to = (seen *)((app *)user_data)->more;
    size_t i, count = cosffi_versions_page_version_count(page);
    to->pages++;
    for (i = 0; i < count; i++) {
        const cosffi_object_version *version = cosffi_versions_page_version(page, i);
        CHECK(version->version_id.len > 0 && version->last_modified_s > 1000000000);
        CHECK((version->etag.len > 0) == (version->is_delete_marker == 0));
        CHECK(version->is_delete_marker || text_is(version->storage_class, "STANDARD"));
        CHECK(version->is_delete_marker || version->size_bytes == 3 ||
              strncmp(version->object_key.data, "v/", 2) != 0);
        CHECK(to->versions < 16);
        snprintf(to->keys[to->versions], 32, "%s", version->object_key.data);
        snprintf(to->ids[to->versions], 64, "%s", version->version_id.data);
        to->versions++;
        to->marks += (int)version->is_delete_marker;
        to->latest += (int)version->is_latest;
    }
    CHECK(cosffi_versions_page_version(page, count) == NULL);
    count = cosffi_versions_page_prefix_count(page);
    for (i = 0; i < count; i++) CHECK(text_is(cosffi_versions_page_prefix(page, i), "v/sub/"));
    CHECK(text_is(cosffi_versions_page_prefix(page, count), ""));
    to->prefixes += (int)count;
    snprintf(to->key_marker, sizeof to->key_marker, "%s",
             cosffi_versions_page_next_key_marker(page).data);
    snprintf(to->id_marker, sizeof to->id_marker, "%s",
             cosffi_versions_page_next_version_id_marker(page).data);
    return COSFFI_FLOW_CONTINUE;
}

static int32_t stops(void *user_data, const cosffi_versions_page *page) {
    (void)user_data;
    (void)page;
    return COSFFI_FLOW_STOP;
}

static cosffi_transfer_callbacks fresh(void) {
    cosffi_transfer_callbacks callbacks = callbacks_of(&self);
    memset(&found, 0, sizeof found);
    self.more = &found;
    return callbacks;
}

static void list(const cosffi_list_versions_options *options) {
    cosffi_transfer_callbacks callbacks = fresh();
    cosffi_error *error = NULL;
    CHECK_OK(cosffi_list_versions(client, options, on_page, &callbacks, &self.transfer, &error),
             error);
    CHECK(finish(&self) == COSFFI_OK && self.progress == 0);
}

static void versioning(const char *status) {
    char document[128];
    cosffi_pair params[1];
    cosffi_request_options options = cosffi_request_options_default();
    cosffi_transfer_callbacks callbacks = fresh();
    snprintf(document, sizeof document,
             "<VersioningConfiguration><Status>%s</Status></VersioningConfiguration>", status);
    params[0].name = str("versioning");
    params[0].value = str("");
    options.params = params;
    options.params_count = 1;
    options.body.data = (const uint8_t *)document;
    options.body.len = strlen(document);
    CHECK_OK(cosffi_request(client, str("PUT"), str(""), &options, &callbacks, &self.transfer, NULL),
             NULL);
    CHECK(finish(&self) == COSFFI_OK);
}

int main(int argc, char **argv) {
    cosffi_list_versions_options options = cosffi_list_versions_options_default();
    cosffi_transfer_callbacks callbacks;
    cosffi_object_id ids[16];
    int i, count;
    CHECK(argc >= 4);
    CHECK_OK(cosffi_runtime_new(NULL, &runtime, NULL), NULL);
    client = client_of(argv + 1);
    versioning("Enabled");
    put(client, "v/a", "old", 3);
    put(client, "v/a", "new", 3);
    put(client, "v/b", "one", 3);
    put(client, "v/sub/c", "sub", 3);
    CHECK_OK(cosffi_delete_object(client, str("v/b"), NULL, &self.transfer, NULL), NULL);
    CHECK_OK(cosffi_transfer_wait(self.transfer, -1, NULL), NULL);
    cosffi_transfer_free(self.transfer);

    /* All at once, the newest of each key first. */
    options.prefix = str("v/");
    list(&options);
    CHECK(found.pages == 1 && found.versions == 5 && found.marks == 1 && found.latest == 3);
    CHECK(strcmp(found.keys[0], "v/a") == 0 && strcmp(found.keys[4], "v/sub/c") == 0);
    CHECK(strcmp(found.ids[0], found.ids[1]) != 0 && found.prefixes == 0);
    CHECK(found.key_marker[0] == '\0' && found.id_marker[0] == '\0');
    /* The whole bucket has them too. */
    list(NULL);
    CHECK(found.versions >= 5);

    /* In folders, in pages, and from where a page ended. */
    options.delimiter = str("/");
    list(&options);
    CHECK(found.versions == 4 && found.prefixes == 1);
    options.delimiter = str("");
    options.max_keys = 2;
    list(&options);
    CHECK(found.pages == 3 && found.versions == 5 && found.key_marker[0] == '\0');
    options.one_page = 1;
    list(&options);
    CHECK(found.pages == 1 && found.versions == 2 && strcmp(found.key_marker, "v/a") == 0);
    {
        char key[64], id[64];
        snprintf(key, sizeof key, "%s", found.key_marker);
        snprintf(id, sizeof id, "%s", found.id_marker);
        CHECK(id[0] != '\0');
        options.key_marker = str(key);
        options.version_id_marker = str(id);
        options.max_keys = 0;
        list(&options);
        CHECK(found.versions == 3 && strcmp(found.keys[0], "v/b") == 0);
    }

    /* The app ends it. */
    callbacks = fresh();
    CHECK_OK(cosffi_list_versions(client, NULL, stops, &callbacks, &self.transfer, NULL), NULL);
    CHECK(finish(&self) == COSFFI_ERROR_CANCELLED);
    /* Refused before anything is sent. */
    callbacks = fresh();
    options = cosffi_list_versions_options_default();
    options.max_keys = 1001;
    CHECK(cosffi_list_versions(client, &options, on_page, &callbacks, NULL, NULL) ==
          COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(self.dropped == 1 && self.complete == 0);
    options.max_keys = 0;
    options.key_marker = str("");
    options.version_id_marker = str("1");
    CHECK(cosffi_list_versions(client, &options, on_page, NULL, NULL, NULL) ==
          COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(cosffi_list_versions(client, NULL, NULL, NULL, NULL, NULL) ==
          COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(cosffi_versions_page_version_count(NULL) == 0);

    /* Each version is deleted by its id; then none is left. */
    options = cosffi_list_versions_options_default();
    options.prefix = str("v/");
    list(&options);
    count = found.versions;
    memset(ids, 0, sizeof ids);
    for (i = 0; i < count; i++) {
        ids[i].object_key = str(found.keys[i]);
        ids[i].version_id = str(found.ids[i]);
    }
    CHECK_OK(cosffi_delete_objects(client, ids, (size_t)count, NULL, &self.transfer, NULL), NULL);
    CHECK_OK(cosffi_transfer_wait(self.transfer, -1, NULL), NULL);
    cosffi_transfer_free(self.transfer);
    list(&options);
    CHECK(found.versions == 0 && found.pages == 1);
    versioning("Suspended");

    cosffi_client_free(client);
    CHECK_OK(cosffi_runtime_shutdown(runtime, -1, NULL, NULL, NULL), NULL);
    cosffi_runtime_free(runtime);
    puts("versions: ok");
    return 0;
}
