-- The same as schema.sqlite.sql, for PostgreSQL. Names are quoted: PostgreSQL would make them lower case, and the maps
-- name them as BSOFT does. Times are the hospital's own, without zone.

CREATE TABLE "MS_BRDA" (
  "BRID" varchar(18) PRIMARY KEY,
  "EMPIID" varchar(32), "MZHM" varchar(32), "BRXM" varchar(40) NOT NULL, "BRXZ" varchar(18), "BRXB" varchar(4),
  "CSNY" date, "SFZH" varchar(20), "MZDM" varchar(4), "HKDZ" varchar(100), "JTDH" varchar(16),
  "LXRM" varchar(40), "LXGX" varchar(4), "LXDH" varchar(16),
  "XGSJ" timestamp(3) NOT NULL DEFAULT localtimestamp,
  "ZXBZ" varchar(2) NOT NULL DEFAULT '0'
);

CREATE TABLE "MS_CF01" (
  "CFSB" bigint PRIMARY KEY,
  "JGID" varchar(20) NOT NULL, "CFHM" varchar(20) NOT NULL UNIQUE, "KFRQ" timestamp(0) NOT NULL,
  "CFLX" smallint NOT NULL, "KSDM" varchar(18), "YSDM" varchar(10) NOT NULL, "BRID" varchar(18) NOT NULL,
  "JZXH" bigint,
  "ZFPB" varchar(2) NOT NULL DEFAULT '0', "CZPB" varchar(2) NOT NULL DEFAULT '0',
  "XGSJ" timestamp(3) NOT NULL DEFAULT localtimestamp
);
CREATE INDEX ON "MS_CF01" ("XGSJ", "CFSB");

CREATE TABLE "MS_CF02" (
  "SBXH" bigint PRIMARY KEY,
  "CFSB" bigint NOT NULL, "YPXH" bigint NOT NULL, "YPZH" bigint, "YFGG" varchar(40), "YCJL" numeric(10, 3),
  "YPYF" varchar(18), "MRCS" smallint, "YYTS" smallint, "YPSL" numeric(10, 2) NOT NULL, "YFDW" varchar(8),
  "GYTJ" varchar(8), "SFJG" varchar(2), "SFGH" varchar(10), "SFYJ" varchar(200), "SFSJ" timestamp(0),
  "XGSJ" timestamp(3) NOT NULL DEFAULT localtimestamp
);
CREATE INDEX ON "MS_CF02" ("CFSB");
CREATE INDEX ON "MS_CF02" ("XGSJ");

CREATE TABLE "YK_TYPK" (
  "YPXH" bigint PRIMARY KEY, "YPMC" varchar(80) NOT NULL, "YPGG" varchar(40), "JLDW" varchar(8),
  "TSYP" varchar(2) NOT NULL DEFAULT '0', "YBDM" varchar(23), "ATCDM" varchar(8)
);

CREATE TABLE "MS_CFQM" (
  "CFSB" bigint NOT NULL, "QMLX" varchar(20) NOT NULL, "QMSJ" timestamp(0), "QMZ" text, "YWLX" varchar(80), "YWNR" text,
  PRIMARY KEY ("CFSB", "QMLX")
);

CREATE TABLE "GY_YGDM" ("YGDM" varchar(10) PRIMARY KEY, "YGXM" varchar(40) NOT NULL, "YGJB" varchar(20));

CREATE TABLE "GW_STATUS" (
  "YWLX" varchar(20) NOT NULL, "YWHM" varchar(64) NOT NULL, "MXHM" varchar(64) NOT NULL DEFAULT '',
  "ZT" varchar(40) NOT NULL, "ZTSM" varchar(200), "SL" numeric(10, 2), "DW" varchar(8), "JGID" varchar(64),
  "JGMC" varchar(100), "SJ" varchar(40), "XXID" varchar(64),
  PRIMARY KEY ("YWLX", "YWHM", "MXHM")
);

CREATE FUNCTION changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW."XGSJ" = OLD."XGSJ" THEN NEW."XGSJ" := localtimestamp; END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER changed BEFORE UPDATE ON "MS_BRDA" FOR EACH ROW EXECUTE FUNCTION changed();
CREATE TRIGGER changed BEFORE UPDATE ON "MS_CF01" FOR EACH ROW EXECUTE FUNCTION changed();
CREATE TRIGGER changed BEFORE UPDATE ON "MS_CF02" FOR EACH ROW EXECUTE FUNCTION changed();
