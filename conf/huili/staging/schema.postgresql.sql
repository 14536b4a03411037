-- The same as schema.sqlite.sql, for PostgreSQL. Names with capitals are quoted, or PostgreSQL would make them lower case.

CREATE TABLE "V_GW_ZZYJL" (         -- referrals 转诊记录
  yljgdm varchar(200) NOT NULL,           -- organisation
  jzlsh varchar(200) NOT NULL, patid varchar(200) NOT NULL, jzlb varchar(200) NOT NULL,  -- visit, patient, kind of visit
  yjlxh varchar(200) PRIMARY KEY,         -- key: number of the referral
  jkkh varchar(200) NOT NULL, zyh varchar(200) NOT NULL, hzxm varchar(200) NOT NULL, sfzhm varchar(200) NOT NULL,
  xbdm varchar(200) NOT NULL, xbmc varchar(200) NOT NULL, csrq date NOT NULL,
  gms varchar(200) NOT NULL, jbs varchar(200) NOT NULL, sss varchar(200) NOT NULL,       -- allergies, illnesses, operations
  zzrq timestamp(0) NOT NULL, zzyy varchar(200) NOT NULL, zzjl varchar(200) NOT NULL, ysbm varchar(200) NOT NULL, zzysxm varchar(200) NOT NULL,
  jbzdbm varchar(200) NOT NULL, jbzd varchar(200) NOT NULL, zdrq date NOT NULL, zdyljgdm varchar(200) NOT NULL,
  zcjgdm varchar(200) NOT NULL, zcjgmc varchar(200) NOT NULL, zryljgdm varchar(200) NOT NULL, zrjgmc varchar(200) NOT NULL,
  zrjgksdm varchar(200) NOT NULL, zrjgksmc varchar(200) NOT NULL,
  gxrq timestamp(3) NOT NULL,             -- change time
  isdelete varchar(200) NOT NULL DEFAULT '0'
);
CREATE INDEX "V_GW_ZZYJL_gxrq" ON "V_GW_ZZYJL" (gxrq, yjlxh);

CREATE TABLE "V_GW_JYJL_JYJL" (     -- laboratory reports 检验记录
  yljgdm varchar(200) NOT NULL,
  jzlsh varchar(200) NOT NULL, patid varchar(200) NOT NULL,
  yjlxh varchar(200) PRIMARY KEY,         -- key of the report
  hzxm varchar(200) NOT NULL, sfzhm varchar(200) NOT NULL, xbdm varchar(200) NOT NULL, xbmc varchar(200) NOT NULL, csrq date NOT NULL,
  dzsqdbh varchar(200) NOT NULL, jybbh varchar(200) NOT NULL, jyrq timestamp(0) NOT NULL,                    -- request, specimen, when
  jybgdbh varchar(200) NOT NULL, jybgmc varchar(200) NOT NULL, jybgrq date NOT NULL, jybgjg varchar(200) NOT NULL,  -- report: no., name, date, text
  shysqm varchar(200) NOT NULL, shysqmsj timestamp(0) NOT NULL,                                      -- signed by, when
  gxrq timestamp(3) NOT NULL,
  isdelete varchar(200) NOT NULL DEFAULT '0'
);
CREATE INDEX "V_GW_JYJL_JYJL_gxrq" ON "V_GW_JYJL_JYJL" (gxrq, yjlxh);

CREATE TABLE "V_GW_JYJL_JYXM" (     -- laboratory results 检验项目
  yljgdm varchar(200) NOT NULL,
  yjlxh varchar(200) PRIMARY KEY,         -- key of the result
  zyjlxh varchar(200) NOT NULL,           -- the report it belongs to
  bblbdm varchar(200) NOT NULL, bblbmc varchar(200) NOT NULL, bbcyrqsj timestamp(0) NOT NULL, jsbbrqsj timestamp(0) NOT NULL,
  jyxmdm varchar(200) NOT NULL, jyxmmc varchar(200) NOT NULL,
  jyjgdm varchar(200) NOT NULL, jyjgmc varchar(200) NOT NULL,  -- result as code, as text
  jydljg numeric(14, 4) NOT NULL,  -- 0.0000 beside a text: not numeric
  jydljgjldw varchar(200) NOT NULL,
  gxrq timestamp(3) NOT NULL
);
CREATE INDEX "V_GW_JYJL_JYXM_gxrq" ON "V_GW_JYJL_JYXM" (gxrq, yjlxh);
CREATE INDEX "V_GW_JYJL_JYXM_zyjlxh" ON "V_GW_JYJL_JYXM" (zyjlxh);

CREATE TABLE "GW_STATUS" (          -- what the gateway writes back
  "YWLX" varchar(200) NOT NULL, "YWHM" varchar(200) NOT NULL, "MXHM" varchar(200) NOT NULL DEFAULT '', "ZT" varchar(200) NOT NULL, "ZTSM" varchar(200),
  "JGID" varchar(200), "JGMC" varchar(200), "SJ" varchar(200), "XXID" varchar(200),
  PRIMARY KEY ("YWLX", "YWHM", "MXHM")
);
