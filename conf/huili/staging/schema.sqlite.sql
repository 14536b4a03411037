-- Staging database 前置机 of the demonstration hospital in Huili, after the views of a Winning warehouse: SQLite.
-- The real one is SQL Server; tests/scenario/staging.py turns its script into this. schema.postgresql.sql is the same
-- for PostgreSQL. Nearly every column is NOT NULL there, so '' and 0.0000 stand for "nothing".

CREATE TABLE V_GW_ZZYJL (         -- referrals 转诊记录
  yljgdm TEXT NOT NULL,           -- organisation
  jzlsh TEXT NOT NULL, patid TEXT NOT NULL, jzlb TEXT NOT NULL,  -- visit, patient, kind of visit
  yjlxh TEXT PRIMARY KEY,         -- key: number of the referral
  jkkh TEXT NOT NULL, zyh TEXT NOT NULL, hzxm TEXT NOT NULL, sfzhm TEXT NOT NULL,
  xbdm TEXT NOT NULL, xbmc TEXT NOT NULL, csrq TEXT NOT NULL,
  gms TEXT NOT NULL, jbs TEXT NOT NULL, sss TEXT NOT NULL,       -- allergies, illnesses, operations
  zzrq TEXT NOT NULL, zzyy TEXT NOT NULL, zzjl TEXT NOT NULL, ysbm TEXT NOT NULL, zzysxm TEXT NOT NULL,
  jbzdbm TEXT NOT NULL, jbzd TEXT NOT NULL, zdrq TEXT NOT NULL, zdyljgdm TEXT NOT NULL,
  zcjgdm TEXT NOT NULL, zcjgmc TEXT NOT NULL, zryljgdm TEXT NOT NULL, zrjgmc TEXT NOT NULL,
  zrjgksdm TEXT NOT NULL, zrjgksmc TEXT NOT NULL,
  gxrq TEXT NOT NULL,             -- change time
  isdelete TEXT NOT NULL DEFAULT '0'
);
CREATE INDEX V_GW_ZZYJL_gxrq ON V_GW_ZZYJL (gxrq, yjlxh);

CREATE TABLE V_GW_JYJL_JYJL (     -- laboratory reports 检验记录
  yljgdm TEXT NOT NULL,
  jzlsh TEXT NOT NULL, patid TEXT NOT NULL,
  yjlxh TEXT PRIMARY KEY,         -- key of the report
  hzxm TEXT NOT NULL, sfzhm TEXT NOT NULL, xbdm TEXT NOT NULL, xbmc TEXT NOT NULL, csrq TEXT NOT NULL,
  dzsqdbh TEXT NOT NULL, jybbh TEXT NOT NULL, jyrq TEXT NOT NULL,                    -- request, specimen, when
  jybgdbh TEXT NOT NULL, jybgmc TEXT NOT NULL, jybgrq TEXT NOT NULL, jybgjg TEXT NOT NULL,  -- report: no., name, date, text
  shysqm TEXT NOT NULL, shysqmsj TEXT NOT NULL,                                      -- signed by, when
  gxrq TEXT NOT NULL,
  isdelete TEXT NOT NULL DEFAULT '0'
);
CREATE INDEX V_GW_JYJL_JYJL_gxrq ON V_GW_JYJL_JYJL (gxrq, yjlxh);

CREATE TABLE V_GW_JYJL_JYXM (     -- laboratory results 检验项目
  yljgdm TEXT NOT NULL,
  yjlxh TEXT PRIMARY KEY,         -- key of the result
  zyjlxh TEXT NOT NULL,           -- the report it belongs to
  bblbdm TEXT NOT NULL, bblbmc TEXT NOT NULL, bbcyrqsj TEXT NOT NULL, jsbbrqsj TEXT NOT NULL,
  jyxmdm TEXT NOT NULL, jyxmmc TEXT NOT NULL,
  jyjgdm TEXT NOT NULL, jyjgmc TEXT NOT NULL,  -- result as code, as text
  jydljg TEXT NOT NULL,           -- numeric(14,4) there; TEXT keeps its digits. 0.0000 beside a text: not numeric
  jydljgjldw TEXT NOT NULL,
  gxrq TEXT NOT NULL
);
CREATE INDEX V_GW_JYJL_JYXM_gxrq ON V_GW_JYJL_JYXM (gxrq, yjlxh);
CREATE INDEX V_GW_JYJL_JYXM_zyjlxh ON V_GW_JYJL_JYXM (zyjlxh);

CREATE TABLE GW_STATUS (          -- what the gateway writes back
  YWLX TEXT NOT NULL, YWHM TEXT NOT NULL, MXHM TEXT NOT NULL DEFAULT '', ZT TEXT NOT NULL, ZTSM TEXT,
  JGID TEXT, JGMC TEXT, SJ TEXT, XXID TEXT,
  PRIMARY KEY (YWLX, YWHM, MXHM)
);
