// Everything an administrator's commands work with, in one place.
#pragma once
#include "gateway/operate/alerts.h"
#include "gateway/operate/backups.h"
#include "gateway/operate/forecast.h"
#include "gateway/operate/keeper.h"
#include "gateway/operate/peer_test.h"
#include "gateway/operate/reconciler.h"
#include "gateway/operate/sweeper.h"
#include "gateway/operate/worker.h"

namespace gateway::operate {

struct Operations {
  Keeper& keeper;
  Worker& changes;  // reload and rollback, one after the other
  Forecasts& forecasts;
  PeerTests& tests;
  Alerts& alerts;
  Backups& backups;
  Sweeper& sweeper;
  Reconciler& reconciler;
};

}  // namespace gateway::operate
