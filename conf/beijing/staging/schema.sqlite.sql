-- Staging database 前置机 of the demonstration hospital in Beijing, after BSOFT's outpatient tables: SQLite.
-- Vendors fill such a database from their own; here tests/scenario/staging.py does. schema.postgresql.sql is the same
-- for PostgreSQL. The gateway only reads it, all but GW_STATUS.
-- XGSJ is the change time that the gateway goes by: set on insert, and moved on by every update that does not set it.

CREATE TABLE MS_BRDA (            -- patients 病人档案
  BRID   TEXT PRIMARY KEY,        -- patient number
  EMPIID TEXT, MZHM TEXT,         -- master index, outpatient number
  BRXM   TEXT NOT NULL,           -- name
  BRXZ   TEXT, BRXB TEXT,         -- payer; sex (GB/T 2261.1)
  CSNY   TEXT,                    -- birth date; 1900-01-01: not known
  SFZH   TEXT,                    -- resident id
  MZDM   TEXT, HKDZ TEXT, JTDH TEXT,  -- ethnicity, address, telephone
  LXRM   TEXT, LXGX TEXT, LXDH TEXT,  -- contact: name, kinship, telephone
  XGSJ   TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now', 'localtime')),
  ZXBZ   TEXT NOT NULL DEFAULT '0'    -- 1: cancelled
);

CREATE TABLE MS_CF01 (            -- prescriptions 门诊处方
  CFSB   INTEGER PRIMARY KEY,     -- key
  JGID   TEXT NOT NULL,           -- organisation
  CFHM   TEXT NOT NULL UNIQUE,    -- prescription number
  KFRQ   TEXT NOT NULL,           -- when it was written
  CFLX   INTEGER NOT NULL,        -- kind: 1 western
  KSDM   TEXT, YSDM TEXT NOT NULL,-- department, doctor
  BRID   TEXT NOT NULL,           -- -> MS_BRDA
  JZXH   INTEGER,                 -- visit
  ZFPB   TEXT NOT NULL DEFAULT '0',   -- 1: voided 作废
  CZPB   TEXT NOT NULL DEFAULT '0',   -- repeat consultation 复诊
  XGSJ   TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now', 'localtime'))
);
CREATE INDEX MS_CF01_XGSJ ON MS_CF01 (XGSJ, CFSB);

CREATE TABLE MS_CF02 (            -- their items 处方明细
  SBXH   INTEGER PRIMARY KEY,     -- key
  CFSB   INTEGER NOT NULL,        -- -> MS_CF01; may arrive before it
  YPXH   INTEGER NOT NULL,        -- -> YK_TYPK
  YPZH   INTEGER,                 -- group
  YFGG   TEXT,                    -- strength and pack
  YCJL   NUMERIC, YPYF TEXT, MRCS INTEGER, YYTS INTEGER,  -- dose, frequency, times a day, days
  YPSL   NUMERIC NOT NULL, YFDW TEXT, GYTJ TEXT,          -- quantity, unit, route
  SFJG   TEXT,                    -- pharmacist's check 审方结果: NULL or 0 not yet, 1 passed, else refused
  SFGH   TEXT, SFYJ TEXT, SFSJ TEXT,                      -- checked by, opinion, when
  XGSJ   TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now', 'localtime'))
);
CREATE INDEX MS_CF02_CFSB ON MS_CF02 (CFSB);
CREATE INDEX MS_CF02_XGSJ ON MS_CF02 (XGSJ);

CREATE TABLE YK_TYPK (            -- drug catalogue 药品字典
  YPXH   INTEGER PRIMARY KEY,
  YPMC   TEXT NOT NULL,           -- generic name
  YPGG   TEXT, JLDW TEXT,         -- strength and pack; unit of the dose
  TSYP   TEXT NOT NULL DEFAULT '0',   -- control class 特殊药品
  YBDM   TEXT, ATCDM TEXT         -- NHSA code (23 characters), ATC code
);

CREATE TABLE MS_CFQM (            -- signed originals 签名原文, where there are any
  CFSB   INTEGER NOT NULL,
  QMLX   TEXT NOT NULL,           -- whose: doctor, pharmacist
  QMSJ   TEXT, QMZ TEXT,          -- when; signature, base64
  YWLX   TEXT, YWNR TEXT,         -- media type and content of the original, base64: kept byte for byte
  PRIMARY KEY (CFSB, QMLX)
);

CREATE TABLE GY_YGDM (            -- staff 员工
  YGDM   TEXT PRIMARY KEY,
  YGXM   TEXT NOT NULL,
  YGJB   TEXT                     -- doctor, pharmacist
);

CREATE TABLE GW_STATUS (          -- what the gateway writes back: one row a prescription, or an item of one
  YWLX   TEXT NOT NULL,           -- kind of business: prescription, referral
  YWHM   TEXT NOT NULL,           -- its number: CFHM
  MXHM   TEXT NOT NULL DEFAULT '',-- item; '': all of it
  ZT     TEXT NOT NULL,           -- status code
  ZTSM   TEXT,                    -- in words
  SL     NUMERIC, DW TEXT,        -- quantity dispensed so far, unit
  JGID   TEXT, JGMC TEXT,         -- who says so
  SJ     TEXT,                    -- when it happened there
  XXID   TEXT,                    -- the message that told
  PRIMARY KEY (YWLX, YWHM, MXHM)
);

CREATE TRIGGER MS_BRDA_CHANGED AFTER UPDATE ON MS_BRDA WHEN NEW.XGSJ IS OLD.XGSJ BEGIN
  UPDATE MS_BRDA SET XGSJ = strftime('%Y-%m-%d %H:%M:%f', 'now', 'localtime') WHERE BRID = NEW.BRID;
END;
CREATE TRIGGER MS_CF01_CHANGED AFTER UPDATE ON MS_CF01 WHEN NEW.XGSJ IS OLD.XGSJ BEGIN
  UPDATE MS_CF01 SET XGSJ = strftime('%Y-%m-%d %H:%M:%f', 'now', 'localtime') WHERE CFSB = NEW.CFSB;
END;
CREATE TRIGGER MS_CF02_CHANGED AFTER UPDATE ON MS_CF02 WHEN NEW.XGSJ IS OLD.XGSJ BEGIN
  UPDATE MS_CF02 SET XGSJ = strftime('%Y-%m-%d %H:%M:%f', 'now', 'localtime') WHERE SBXH = NEW.SBXH;
END;
