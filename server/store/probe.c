/* The probe: while nothing can be saved, somebody has to try although nobody writes. */
#include "store/threads.h"

static const char probe_setting[] = "probe";

/* The same value again would write nothing. */
static enum sl_code run(struct store_job *job, struct db *db, struct sl_err *err)
{
    const struct probe *probe = (const struct probe *)job;
    int64_t now_ms = sl_mono_ms(probe->store->clock);

    return db_exec(db, SQL_SETTING_PUT, NULL, err, "tb", probe_setting, &now_ms, sizeof now_ms);
}

static void done(struct store_job *job, enum sl_code code, const struct sl_err *err)
{
    (void)code; /* the writer has drawn the conclusion */
    (void)err;
    atomic_store(&((struct probe *)job)->under_way, false);
}

void probe_send(struct probe *probe)
{
    if (atomic_exchange(&probe->under_way, true)) {
        return;
    }
    probe->job = (struct store_job){.writes = true, .run = run, .done = done};
    if (store_submit(probe->store, &probe->job, NULL) != SL_OK) {
        atomic_store(&probe->under_way, false);
    }
}
